package media

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"hefen/internal/config"
)

// Bucket is a store in a bucket of an S3-compatible service. A call ends after bucketTimeout, its repeats included.
type Bucket struct {
	client *minio.Client
	bucket string
	prefix string
}

const (
	bucketTimeout = 20 * time.Second
	bucketTries   = 3
)

// NewBucket makes the client; nothing is sent yet.
func NewBucket(cfg config.S3) (*Bucket, error) {
	region := cfg.Region
	if region == "" {
		region = "us-east-1" // what services without regions expect; a look-up would cost a request
	}
	c, err := minio.New(cfg.Endpoint, &minio.Options{
		Creds: credentials.NewStaticV4(cfg.AccessKey, cfg.SecretKey, ""), Secure: !cfg.Plain, Region: region,
		BucketLookup: lookup(cfg.PathStyle), MaxRetries: bucketTries,
	})
	if err != nil {
		return nil, fmt.Errorf("photos: %w", err)
	}
	return &Bucket{client: c, bucket: cfg.Bucket, prefix: cfg.Prefix}, nil
}

func lookup(path bool) minio.BucketLookupType {
	if path {
		return minio.BucketLookupPath
	}
	return minio.BucketLookupAuto
}

// away is what callers see of a service that does not answer; its text stays in the log and holds no key of ours.
func away(call string, err error) error {
	return ErrStoreAway.Wrap(fmt.Errorf("%s: %w", call, err))
}

func missing(err error) bool {
	r := minio.ToErrorResponse(err)
	return r.StatusCode == http.StatusNotFound && r.Code != "NoSuchBucket"
}

// Put stores an object.
func (b *Bucket) Put(ctx context.Context, key string, data []byte) error {
	ctx, cancel := context.WithTimeout(ctx, bucketTimeout)
	defer cancel()
	_, err := b.client.PutObject(ctx, b.bucket, b.prefix+key, bytes.NewReader(data), int64(len(data)),
		minio.PutObjectOptions{ContentType: "image/jpeg", DisableMultipart: true})
	if err != nil {
		return away("put", err)
	}
	return nil
}

// Get reads an object.
func (b *Bucket) Get(ctx context.Context, key string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, bucketTimeout)
	defer cancel()
	object, err := b.client.GetObject(ctx, b.bucket, b.prefix+key, minio.GetObjectOptions{})
	if err != nil {
		return nil, away("get", err)
	}
	defer object.Close()
	data, err := io.ReadAll(io.LimitReader(object, 4*MaxStored))
	switch {
	case missing(err):
		return nil, ErrNotStored
	case err != nil:
		return nil, away("get", err)
	}
	return data, nil
}

// Has asks for the head of an object.
func (b *Bucket) Has(ctx context.Context, key string) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, bucketTimeout)
	defer cancel()
	_, err := b.client.StatObject(ctx, b.bucket, b.prefix+key, minio.StatObjectOptions{})
	switch {
	case missing(err):
		return false, nil
	case err != nil:
		return false, away("head", err)
	}
	return true, nil
}

// Delete removes an object.
func (b *Bucket) Delete(ctx context.Context, key string) error {
	ctx, cancel := context.WithTimeout(ctx, bucketTimeout)
	defer cancel()
	if err := b.client.RemoveObject(ctx, b.bucket, b.prefix+key, minio.RemoveObjectOptions{}); err != nil && !missing(err) {
		return away("delete", err)
	}
	return nil
}
