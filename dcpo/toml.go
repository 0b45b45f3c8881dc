package dcpo

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/pelletier/go-toml/v2"

	"github.com/dcpo-go/godcpo/presets"
)

// LoadConfig reads a configuration from a TOML file on top of the defaults and applies overrides of the form
// "section.key=value" (a TOML value; a bare word is taken as a string). A path that does not exist is looked up among the
// built-in presets. An unknown key, a wrong type and values that contradict each other are errors that name them.
func LoadConfig(path string, overrides ...string) (Config, error) {
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		if preset, ok := presets.Lookup(path); ok {
			raw, err = preset, nil
		} else {
			err = fmt.Errorf("%w (built-in presets: %s)", err, strings.Join(presets.Names(), ", "))
		}
	}
	if err != nil {
		return Config{}, fmt.Errorf("configuration: %w", err)
	}
	cfg := DefaultConfig()
	if err := decode(raw, &cfg); err != nil {
		return Config{}, fmt.Errorf("configuration %s: %w", path, err)
	}
	for _, o := range overrides {
		if err := cfg.Set(o); err != nil {
			return Config{}, err
		}
	}
	return cfg, cfg.Validate()
}

// Set applies one override, "section.key=value".
func (c *Config) Set(override string) error {
	key, value, ok := strings.Cut(override, "=")
	section, name, dotted := strings.Cut(strings.TrimSpace(key), ".")
	if !ok || !dotted || section == "" || name == "" {
		return fmt.Errorf("override %q: want section.key=value, for example train.steps=2", override)
	}
	value = strings.TrimSpace(value)
	line := fmt.Sprintf("[%s]\n%s = %s\n", section, name, value)
	err := decode([]byte(line), c)
	if err != nil {
		// A bare word, such as a path, need not be quoted on a command line.
		quoted := fmt.Sprintf("[%s]\n%s = %q\n", section, name, value)
		if decode([]byte(quoted), c) == nil {
			return nil
		}
	}
	if err != nil {
		return fmt.Errorf("override %q: %w", override, err)
	}
	return nil
}

// encode writes the resolved configuration.
func (c Config) encode() ([]byte, error) {
	var b bytes.Buffer
	err := toml.NewEncoder(&b).Encode(c)
	return b.Bytes(), err
}

// decode reads strictly and names the offending key and line.
func decode(raw []byte, c *Config) error {
	err := toml.NewDecoder(bytes.NewReader(raw)).DisallowUnknownFields().Decode(c)
	var missing *toml.StrictMissingError
	if errors.As(err, &missing) {
		var keys []string
		for _, e := range missing.Errors {
			row, _ := e.Position()
			keys = append(keys, fmt.Sprintf("%s (line %d)", strings.Join(e.Key(), "."), row))
		}
		return fmt.Errorf("unknown key %s", strings.Join(keys, ", "))
	}
	var bad *toml.DecodeError
	if errors.As(err, &bad) {
		row, column := bad.Position()
		return fmt.Errorf("line %d, column %d, %s: %w", row, column, strings.Join(bad.Key(), "."), err)
	}
	return err
}
