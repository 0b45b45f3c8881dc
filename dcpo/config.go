package dcpo

import "github.com/dcpo-go/godcpo/dcpo/config"

// Config is a training run; see package config for its keys. Start from DefaultConfig; LoadConfig reads one from TOML.
type Config = config.Config

// DefaultConfig is a DCPO run on synthetic arithmetic with the paper's method settings at a laptop's scale.
func DefaultConfig() Config { return config.Default() }

// LoadConfig reads a configuration from a TOML file, or a built-in preset by name, and applies overrides such as "train.steps=2".
// Unknown keys, wrong types, values that contradict each other and settings without an effect are errors that name them.
func LoadConfig(path string, overrides ...string) (Config, error) {
	return config.Load(path, overrides...)
}

// Methods lists the training methods.
func Methods() []config.Method { return config.Methods() }
