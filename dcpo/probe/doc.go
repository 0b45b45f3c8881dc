// Package probe is ConfClass: a classifier that reads from a model's hidden state how likely its answer is to be right, the strongest
// cheap rival of a trained confidence.
//
// It is logistic regression with an L2 penalty on one hidden state an answer, such as the last layer's at the response's last token. Features are
// standardised by the training rows. The strength of the penalty is chosen by cross-validation over folds of problems, so that no
// classifier is judged by answers to a problem it has seen. With w the weights of standardised features, it minimises
//
//	½·|w|² + C·Σ_i −ln p(correct_i)
//
// as scikit-learn's LogisticRegression does, intercept unpenalised.
package probe
