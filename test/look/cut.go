package main

import (
	"errors"
	"fmt"
	"image"
	"image/draw"
	"image/png"
	"os"
)

// cut writes the top of a picture to another file.
func cut(from string, height int, to string) error {
	whole, err := readPNG(from)
	if err != nil {
		return fmt.Errorf("read Chromium's picture: %w", err)
	}
	if got := whole.Bounds().Dy(); got < height {
		return fmt.Errorf("the picture is %d pixels high, the page %d: split the file", got, height)
	}
	top := image.NewRGBA(image.Rect(0, 0, whole.Bounds().Dx(), height))
	draw.Draw(top, top.Bounds(), whole, whole.Bounds().Min, draw.Src)
	return writePNG(to, top)
}

func readPNG(path string) (image.Image, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return png.Decode(file)
}

func writePNG(path string, picture image.Image) (err error) {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	return png.Encode(file, picture)
}
