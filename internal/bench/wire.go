package bench

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"time"
)

// listen serves on a free loopback port.
func listen(s *http.Server) (addr string, stop func(), err error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, fmt.Errorf("listen: %w", err)
	}
	go func() { _ = s.Serve(l) }() // ends with Close
	return l.Addr().String(), func() { _ = s.Close() }, nil
}

// wire is one keep-alive connection of a client that costs little beside the server in the same process: it writes a
// request in one piece and reads the answer to its end.
type wire struct {
	conn net.Conn
	in   *bufio.Reader
	out  []byte
	req  *http.Request // for the answer's framing
}

func dial(ctx context.Context, addr string) (*wire, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	return &wire{conn: conn, in: bufio.NewReaderSize(conn, 16<<10), req: &http.Request{Method: http.MethodGet}}, nil
}

func (w *wire) close() { _ = w.conn.Close() }

// do sends one request and insists on an answer of 2xx. Sending and reading together end after a minute.
func (w *wire) do(method, path, token, body string) error {
	w.out = append(w.out[:0], method...)
	w.out = append(append(append(w.out, ' '), path...), " HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer "...)
	w.out = append(append(w.out, token...), "\r\n"...)
	if method != http.MethodGet {
		w.out = append(w.out, "Content-Type: application/json\r\nContent-Length: "...)
		w.out = append(strconv.AppendInt(w.out, int64(len(body)), 10), "\r\n"...)
	}
	w.out = append(append(w.out, "\r\n"...), body...)
	if err := w.conn.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		return err
	}
	if _, err := w.conn.Write(w.out); err != nil {
		return err
	}
	res, err := http.ReadResponse(w.in, w.req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode/100 == 2 {
		_, err = io.Copy(io.Discard, res.Body)
		return err
	}
	text, _ := io.ReadAll(io.LimitReader(res.Body, 2<<10))
	return fmt.Errorf("%s %s: %s: %s", method, path, res.Status, text)
}
