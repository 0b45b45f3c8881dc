// Package loss holds the objectives that a learner minimises once rollouts have their advantages, as graphs: policy losses of several
// kinds, a divergence from a reference policy, an entropy bonus and a value loss.
//
// Every part is a sum over tokens in which each token carries its share of the aggregate as a weight, computed on the host over the whole
// mini-batch ([TokenWeights]). So the loss and its gradient do not depend on how a mini-batch is cut into micro-batches or over devices,
// which means per pass do. One row of a batch holds one response, so that losses of whole sequences sum over columns.
//
// On the host there are also the divergence of each token, for a penalty in the reward ([KLValues]), and what is needed where rollouts come
// from another engine or precision: how far their log-probs are off ([Compare]) and truncated importance weights ([ImportanceWeights]).
package loss
