package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"hefen/internal/paper"
	"hefen/internal/scheme"
)

func schemeImportCommand() *cobra.Command {
	title := "积分细则"
	cmd := &cobra.Command{
		Use: "import TABLE", Short: "Write a scheme file from a table in Excel or CSV; rows that need a person are listed", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return importScheme(cmd.OutOrStdout(), cmd.ErrOrStderr(), title, args[0])
		},
	}
	cmd.Flags().StringVar(&title, "title", title, "title of the rules")
	return cmd
}

// importScheme writes the file to out and the rows that a person must enter to notes.
func importScheme(out, notes io.Writer, title, path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	t, err := paper.Open(f, "")
	if err != nil {
		return err
	}
	defer t.Close()
	var rows []scheme.TableRow
	for {
		cells, row, err := t.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		rows = append(rows, scheme.TableRow{Row: row, Cells: cells})
	}
	src, left := scheme.FromTable(title, rows)
	for _, l := range left {
		fmt.Fprintf(notes, "第%d行 %s：%s\n", l.Row, l.Name, l.Reason)
	}
	if src == nil {
		return errors.New(path + "：没有一行能读成积分事项，请按上面的提示修改")
	}
	fmt.Fprintf(notes, "%d 行要人来填，其余已经写成细则，请逐项核对\n", len(left))
	_, err = out.Write(src)
	return err
}
