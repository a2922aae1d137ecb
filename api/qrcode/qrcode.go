// Package qrcode draws QR codes, as a path of SVG.
package qrcode

import (
	"strconv"

	"rsc.io/qr"
)

// Code is a QR code to draw: the path goes along the black squares of each row, with a stroke as wide as one.
type Code struct {
	Size int    `json:"size"` // squares of a side, without the quiet zone
	Path string `json:"path"`
}

// Draw returns nil for a text that has no room in one; the page has it to type in as well.
func Draw(text string) *Code {
	code, err := qr.Encode(text, qr.L) // on a screen nothing is smudged, and large squares are read from further away
	if err != nil {
		return nil
	}
	var path []byte
	for y := range code.Size {
		for x := 0; x < code.Size; x++ {
			from := x
			for code.Black(x, y) {
				x++
			}
			if x > from {
				path = append(path, 'M')
				path = strconv.AppendInt(path, int64(from), 10)
				path = append(path, ' ')
				path = strconv.AppendInt(path, int64(y), 10)
				path = append(path, ".5h"...)
				path = strconv.AppendInt(path, int64(x-from), 10)
			}
		}
	}
	return &Code{code.Size, string(path)}
}
