package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"hefen/internal/scheme"
)

// maxSchemeFile bounds what is read of a scheme file, in bytes.
const maxSchemeFile = 2 << 20

func schemeCommand(set *settings) *cobra.Command {
	cmd := &cobra.Command{Use: "scheme", Short: "Scheme files 积分细则"}
	cmd.AddCommand(&cobra.Command{
		Use: "check FILE", Short: "Check a scheme file and name its mistakes by line", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return checkScheme(cmd.OutOrStdout(), args[0]) },
	})
	cmd.AddCommand(previewCommand(set))
	cmd.AddCommand(schemeImportCommand())
	return cmd
}

// readScheme reads a scheme file, no more than it may have.
func readScheme(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	src, err := io.ReadAll(io.LimitReader(f, maxSchemeFile+1))
	if err != nil {
		return nil, err
	}
	if len(src) > maxSchemeFile {
		return nil, fmt.Errorf("%s: 文件超过 %d 字节，请检查是不是选错了文件", path, maxSchemeFile)
	}
	return src, nil
}

func checkScheme(out io.Writer, path string) error {
	src, err := readScheme(path)
	if err != nil {
		return err
	}
	s, problems := scheme.Parse(src)
	for _, p := range problems {
		fmt.Fprintln(out, p)
	}
	if s == nil {
		return errors.New(path + "：细则有错误，请按上面的提示修改")
	}
	fmt.Fprintf(out, "%s：没有错误。%s，%d 个积分事项，%d 种积分。\n", path, s.Title, len(s.Items), len(s.Wallets))
	return nil
}
