// Package synced holds the functions of gonbui that display something, each of
// which returns when the display has been shown. gonbui's own return before, so
// that what a cell prints afterwards may come first. Sessions call these in their
// place.
package synced

import (
	"image"
	"reflect"

	"github.com/janpfeifer/gonb/gonbui"
	"github.com/janpfeifer/gonb/gonbui/protocol"
)

// Path is the import path of the package whose functions these replace.
const Path = "github.com/janpfeifer/gonb/gonbui"

// Symbols are the functions by name.
var Symbols = map[string]reflect.Value{
	"SendData":         reflect.ValueOf(func(d *protocol.DisplayData) { gonbui.SendData(d); gonbui.Sync() }),
	"DisplayHTML":      text(gonbui.DisplayHTML),
	"DisplayHtml":      text(gonbui.DisplayHTML),
	"DisplayHTMLF":     reflect.ValueOf(DisplayHTMLF),
	"DisplayHtmlf":     reflect.ValueOf(DisplayHTMLF),
	"DisplayMarkdown":  text(gonbui.DisplayMarkdown),
	"DisplayPng":       reflect.ValueOf(displayPNG),
	"DisplayPNG":       reflect.ValueOf(displayPNG),
	"DisplaySvg":       text(gonbui.DisplaySvg),
	"DisplaySVG":       text(gonbui.DisplaySvg),
	"DisplayImage":     reflect.ValueOf(displayImage),
	"UpdateHTML":       update(gonbui.UpdateHTML),
	"UpdateHtml":       update(gonbui.UpdateHTML),
	"UpdateMarkdown":   update(gonbui.UpdateMarkdown),
	"ScriptJavascript": text(gonbui.ScriptJavascript),
}

// DisplayHTMLF shows formatted markup.
func DisplayHTMLF(format string, args ...any) { gonbui.DisplayHTMLF(format, args...); gonbui.Sync() }

// Call returns the function of a name, for compiled cells. Its type is that of
// gonbui's.
func Call[F any](name string) F { return Symbols[name].Interface().(F) }

func text(show func(string)) reflect.Value {
	return reflect.ValueOf(func(s string) { show(s); gonbui.Sync() })
}

func update(show func(id, content string)) reflect.Value {
	return reflect.ValueOf(func(id, content string) { show(id, content); gonbui.Sync() })
}

func displayPNG(file []byte) { gonbui.DisplayPng(file); gonbui.Sync() }

func displayImage(img image.Image) error {
	err := gonbui.DisplayImage(img)
	gonbui.Sync()
	return err
}
