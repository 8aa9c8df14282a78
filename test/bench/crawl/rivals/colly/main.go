// Colly over the benchmark's pages: robots.txt obeyed, every page once, body to a JSON lines file.
//
// usage: colly SEEDS-FILE OUTPUT
package main

import (
	"bufio"
	"encoding/json"
	"log"
	"net/url"
	"os"
	"strings"
	"sync"

	"github.com/gocolly/colly/v2"
)

type page struct {
	URL    string `json:"url"`
	Status int    `json:"status"`
	Body   string `json:"body"`
}

func main() {
	text, err := os.ReadFile(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	seeds := strings.Fields(string(text))
	hosts := map[string]bool{}
	for _, seed := range seeds {
		parsed, err := url.Parse(seed)
		if err != nil {
			log.Fatal(err)
		}
		hosts[parsed.Host] = true
	}
	file, err := os.Create(os.Args[2])
	if err != nil {
		log.Fatal(err)
	}
	out := bufio.NewWriterSize(file, 1<<20)
	encoder := json.NewEncoder(out)
	var lock sync.Mutex

	c := colly.NewCollector(colly.Async(true))
	c.IgnoreRobotsTxt = false
	if err := c.Limit(&colly.LimitRule{DomainGlob: "*", Parallelism: 64}); err != nil {
		log.Fatal(err)
	}
	c.OnHTML("a[href]", func(e *colly.HTMLElement) {
		link := e.Request.AbsoluteURL(e.Attr("href"))
		if parsed, err := url.Parse(link); err == nil && hosts[parsed.Host] {
			// An error is a page that was asked for already.
			_ = e.Request.Visit(link)
		}
	})
	c.OnResponse(func(r *colly.Response) {
		lock.Lock()
		defer lock.Unlock()
		if err := encoder.Encode(page{r.Request.URL.String(), r.StatusCode, string(r.Body)}); err != nil {
			log.Fatal(err)
		}
	})
	for _, seed := range seeds {
		if err := c.Visit(seed); err != nil {
			log.Print(err)
		}
	}
	c.Wait()
	if err := out.Flush(); err != nil {
		log.Fatal(err)
	}
}
