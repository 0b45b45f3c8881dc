// Package track keeps the record of a training run: its figures and sample generations, step by step, in files and on trackers.
//
// A run writes to one Sink; Multi makes one of several. What a sink leaves behind below the run's folder:
//
//	metrics.jsonl                          OpenJSONL
//	samples.jsonl, samples.html            OpenSamples
//	tensorboard/events.out.tfevents.*      OpenTensorBoard
//	wandb/offline-run-*/run-*.wandb        OpenWandB, for "wandb sync"
//	mlflow.json                            OpenMLflow, beside what it sends to the server
//
// All of them can go on with the record of a run that is resumed. They are told the last step that stays: what was recorded of later
// ones, which will be made again, is taken back. So the record of a run that was killed and resumed reads like that of one that was not.
package track
