package httpapi

import (
	"context"
	"net/netip"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Gauge is a figure that is read when somebody looks: the backlog of the outbox, how far a board is behind.
type Gauge struct {
	Help string
	Read func(ctx context.Context) (float64, error)
}

// metrics are of one server, not of the process, so that tests may run several.
type metrics struct {
	registry *prometheus.Registry
	requests *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
	handler  gin.HandlerFunc
}

func newMetrics(s *Server) *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "hefen_requests_total", Help: "Requests by route and status."}, []string{"method", "route", "status"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "hefen_request_seconds", Help: "Time to answer, by route.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}}, []string{"method", "route"}),
	}
	m.registry.MustRegister(m.requests, m.seconds, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	if s.DB != nil {
		writes, reads := s.DB.Pools()
		m.registry.MustRegister(collectors.NewDBStatsCollector(writes, "writes"), collectors.NewDBStatsCollector(reads, "reads"))
	}
	m.registry.MustRegister(&gauges{s: s})
	h := promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{ErrorHandling: promhttp.ContinueOnError})
	m.handler = gin.WrapH(h)
	return m
}

func (m *metrics) request(verb, route string, status int, took time.Duration) {
	verb = method(verb)
	m.requests.WithLabelValues(verb, route, strconv.Itoa(status)).Inc()
	m.seconds.WithLabelValues(verb, route).Observe(took.Seconds())
}

// serve answers callers of this machine or a private network that came directly: what a reverse proxy passes on came
// from outside.
func (m *metrics) serve(c *gin.Context) {
	ip, err := netip.ParseAddrPort(c.Request.RemoteAddr)
	near := err == nil && (ip.Addr().Unmap().IsLoopback() || ip.Addr().Unmap().IsPrivate())
	if !near || c.GetHeader("X-Forwarded-For") != "" || c.GetHeader("Forwarded") != "" {
		c.Status(404)
		return
	}
	m.handler(c)
}

// gauges collects Server.Gauges. A figure that cannot be read within a second is left out.
type gauges struct{ s *Server }

func (g *gauges) Describe(chan<- *prometheus.Desc) {} // unchecked: the set is known only when asked

func (g *gauges) Collect(out chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	for name, gauge := range g.s.Gauges {
		v, err := gauge.Read(ctx)
		if err != nil {
			g.s.Log.Warn("gauge not read", "gauge", name, "err", err)
			continue
		}
		out <- prometheus.MustNewConstMetric(prometheus.NewDesc("hefen_"+name, gauge.Help, nil, nil), prometheus.GaugeValue, v)
	}
}
