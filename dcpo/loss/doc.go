// Package loss is the clipped policy loss as a graph: what the learner minimises once rollouts have their advantages.
//
// Every part is a sum over tokens in which each token carries its share of the aggregate as a weight, computed on the host
// over the whole mini-batch ([Weights]). So the loss and its gradient do not depend on how a mini-batch is cut into
// micro-batches or over devices, which per-pass means do.
package loss
