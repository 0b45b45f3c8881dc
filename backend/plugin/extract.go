package plugin

import (
	"archive/tar"
	"archive/zip"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// extractMember writes one file of a zip archive to dest and returns its SHA-256. The archive's own checksum is verified on
// the way.
func extractMember(archive, member, dest string) (sum string, err error) {
	z, err := zip.OpenReader(archive)
	if err != nil {
		return "", fmt.Errorf("open %s: %w", filepath.Base(archive), err)
	}
	defer z.Close()
	for _, f := range z.File {
		if f.Name == member {
			return extractZipFile(f, dest)
		}
	}
	return "", fmt.Errorf("%s holds no file %s", filepath.Base(archive), member)
}

// extractTree writes the files of a zip archive below tree (a folder's name) to the same paths below dir, and returns their
// SHA-256 by path relative to dir.
func extractTree(archive, tree, dir string) (sums map[string]string, err error) {
	z, err := zip.OpenReader(archive)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", filepath.Base(archive), err)
	}
	defer z.Close()
	sums = map[string]string{}
	for _, f := range z.File {
		name := path.Clean(f.Name)
		if !strings.HasPrefix(name, tree+"/") || strings.HasSuffix(f.Name, "/") || unneeded(name) {
			continue
		}
		if !filepath.IsLocal(filepath.FromSlash(name)) {
			return nil, fmt.Errorf("%s: the path %q leads out of the archive", filepath.Base(archive), f.Name)
		}
		if sums[name], err = extractZipFile(f, filepath.Join(dir, filepath.FromSlash(name))); err != nil {
			return nil, err
		}
	}
	if len(sums) == 0 {
		return nil, fmt.Errorf("%s holds no folder %s", filepath.Base(archive), tree)
	}
	return sums, nil
}

// unneeded tells what nothing needs at run time: C headers, and the __init__.py that every package of a shared folder brings.
func unneeded(name string) bool {
	return path.Base(name) == "__init__.py" || strings.Contains(name, "/include/")
}

// extractZipFile writes one entry to dest, executable where the archive says so.
func extractZipFile(f *zip.File, dest string) (sum string, err error) {
	r, err := f.Open()
	if err != nil {
		return "", fmt.Errorf("extract %s: %w", f.Name, err)
	}
	defer r.Close()
	if _, sum, err = writeFile(dest, r); err != nil {
		return "", fmt.Errorf("extract %s: %w", f.Name, err)
	}
	if f.Mode()&0o111 != 0 {
		err = os.Chmod(dest, 0o755)
	}
	return sum, err
}

// extractLibrary writes the one PJRT library of a release archive (.tar.gz, or .zip on Windows) to dest and returns its SHA-256.
// The whole archive is read, so that a cut-off one fails its checksum.
func extractLibrary(archive, dest string) (sum string, err error) {
	if strings.HasSuffix(archive, ".zip") {
		z, err := zip.OpenReader(archive)
		if err != nil {
			return "", fmt.Errorf("open %s: %w", filepath.Base(archive), err)
		}
		defer z.Close()
		for _, f := range z.File {
			if isLibrary(f.Name) {
				return extractZipFile(f, dest)
			}
		}
		return "", fmt.Errorf("%s holds no PJRT library", filepath.Base(archive))
	}
	f, err := os.Open(archive)
	if err != nil {
		return "", err
	}
	defer f.Close()
	unzipped, err := gzip.NewReader(f)
	if err != nil {
		return "", fmt.Errorf("open %s: %w", filepath.Base(archive), err)
	}
	if sum, err = libraryFromTar(unzipped, dest); err != nil {
		return "", fmt.Errorf("%s: %w", filepath.Base(archive), err)
	}
	return sum, nil
}

// libraryFromTar writes the PJRT library in a tar stream to dest and reads the stream to its end.
func libraryFromTar(r io.Reader, dest string) (sum string, err error) {
	t := tar.NewReader(r)
	for {
		header, err := t.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return "", err
		}
		if sum != "" || header.Typeflag != tar.TypeReg || !isLibrary(header.Name) {
			continue
		}
		if _, sum, err = writeFile(dest, t); err != nil {
			return "", err
		}
	}
	if _, err := io.Copy(io.Discard, r); err != nil {
		return "", err
	}
	if sum == "" {
		return "", errors.New("no PJRT library in it")
	}
	return sum, nil
}

// isLibrary tells whether a path in an archive is a PJRT plug-in.
func isLibrary(name string) bool {
	base := path.Base(name)
	if !strings.HasPrefix(base, "pjrt_c_api_") {
		return false
	}
	switch path.Ext(base) {
	case ".so", ".dylib", ".dll":
		return true
	}
	return false
}
