package config

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"reflect"
	"strings"

	"github.com/pelletier/go-toml/v2"

	"github.com/dcpo-go/godcpo/presets"
)

// Load reads a configuration from a TOML file on top of the defaults and applies overrides of the form "section.key=value" (a
// TOML value; a bare word is taken as a string). A path that does not exist is looked up among the built-in presets. An
// unknown key, a wrong type, values that contradict each other and settings without an effect are errors that name them.
func Load(path string, overrides ...string) (Config, error) {
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
	cfg := Default()
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
	err := decode(fmt.Appendf(nil, "[%s]\n%s = %s\n", section, name, value), c)
	if err != nil {
		// A bare word, such as a path, need not be quoted on a command line.
		if decode(fmt.Appendf(nil, "[%s]\n%s = %q\n", section, name, value), c) == nil {
			return nil
		}
		return fmt.Errorf("override %q: %w", override, err)
	}
	return nil
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

// Encode writes the configuration as TOML with the meaning of every key. Keys without an effect in it say so.
func (c Config) Encode() ([]byte, error) {
	var b bytes.Buffer
	if err := toml.NewEncoder(&b).Encode(c); err != nil {
		return nil, fmt.Errorf("write configuration: %w", err)
	}
	dead := c.Dead()
	var out strings.Builder
	section := ""
	for line := range strings.Lines(b.String()) {
		if name, ok := strings.CutPrefix(line, "["); ok {
			section = strings.Trim(strings.TrimSpace(name), "[]")
		}
		key, _, isKey := strings.Cut(line, " = ")
		if because, ok := dead[section+"."+key]; isKey && ok {
			line = strings.TrimSuffix(line, "\n") + " # no effect: " + because + "\n"
		}
		out.WriteString(line)
	}
	return []byte(out.String()), nil
}

// Parse reads a configuration from TOML text on top of the defaults, without validating it.
func Parse(text []byte) (Config, error) {
	cfg := Default()
	err := decode(text, &cfg)
	return cfg, err
}

// Params lists the settings as text, by key.
func (c Config) Params() map[string]string {
	params := map[string]string{}
	v := reflect.ValueOf(c)
	for i := range v.NumField() {
		section := v.Type().Field(i)
		for j := range section.Type.NumField() {
			params[section.Tag.Get("toml")+"."+section.Type.Field(j).Tag.Get("toml")] = fmt.Sprint(v.Field(i).Field(j).Interface())
		}
	}
	return params
}
