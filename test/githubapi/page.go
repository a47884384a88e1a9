package githubapi

import (
	"fmt"
	"maps"
	"net/http"
	"strconv"
	"strings"
)

// page is the part of a list that a request asks for, and the header that leads to the others.
func page[T any](s *Server, c *call, all []T) ([]T, http.Header) {
	size := min(c.queryNumber("per_page", 30), 100)
	number := c.queryNumber("page", 1)
	last := max(1, (len(all)+size-1)/size)
	from := min((number-1)*size, len(all))
	header := http.Header{}
	if links := s.links(c, number, last); links != "" {
		header.Set("Link", links)
	}
	return all[from:min(from+size, len(all))], header
}

func (s *Server) links(c *call, number, last int) string {
	var links []string
	add := func(relation string, number int) {
		query := maps.Clone(c.query)
		query.Set("page", strconv.Itoa(number))
		links = append(links, fmt.Sprintf(`<%s%s?%s>; rel="%s"`, s.URL, c.path, query.Encode(), relation))
	}
	if number > 1 {
		add("prev", number-1)
	}
	if number < last {
		add("next", number+1)
		add("last", last)
	}
	if number > 1 {
		add("first", 1)
	}
	return strings.Join(links, ", ")
}

// list is the answer with one page of a list.
func list[T any](s *Server, c *call, all []T, object func(T) map[string]any) answer {
	part, header := page(s, c, all)
	objects := make([]map[string]any, len(part))
	for i, one := range part {
		objects[i] = object(one)
	}
	a := reply(http.StatusOK, objects)
	maps.Copy(a.header, header)
	return a
}
