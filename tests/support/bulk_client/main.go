// Delivers documents by the bulk indexer of Elasticsearch's client: URL, CA, TOKEN, LINE ("%09d" is the number), COUNT.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"strconv"
	"sync/atomic"

	"github.com/elastic/go-elasticsearch/v8"
	"github.com/elastic/go-elasticsearch/v8/esutil"
)

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func open(url, ca, token string) *elasticsearch.Client {
	certificates, err := os.ReadFile(ca)
	must(err)
	client, err := elasticsearch.NewClient(elasticsearch.Config{Addresses: []string{url}, Username: "web1",
		Password: token, CACert: certificates, CompressRequestBody: true, MaxRetries: 5})
	must(err)
	return client
}

func main() {
	client := open(os.Args[1], os.Args[2], os.Args[3])
	count, err := strconv.Atoi(os.Args[5])
	must(err)
	var good, bad atomic.Int64
	indexer, err := esutil.NewBulkIndexer(esutil.BulkIndexerConfig{Client: client, Index: "logs",
		FlushBytes: 100000, NumWorkers: 4})
	must(err)
	for n := 0; n < count; n++ {
		document, err := json.Marshal(map[string]string{"message": fmt.Sprintf(os.Args[4], n)})
		must(err)
		must(indexer.Add(context.Background(), esutil.BulkIndexerItem{
			Action: "create",
			Body:   bytes.NewReader(document),
			OnSuccess: func(context.Context, esutil.BulkIndexerItem, esutil.BulkIndexerResponseItem) {
				good.Add(1)
			},
			OnFailure: func(_ context.Context, _ esutil.BulkIndexerItem,
				answer esutil.BulkIndexerResponseItem, err error) {
				bad.Add(1)
				log.Print(answer, err)
			},
		}))
	}
	must(indexer.Close(context.Background()))
	if good.Load() != int64(count) || bad.Load() != 0 {
		log.Fatalf("%d good, %d bad", good.Load(), bad.Load())
	}
}
