// A master as the Go package makes it: nodes register by HTTP and are dialled back, the least used one for each call;
// one that fails is removed. /sum, /count and /nodes ask it.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"net/rpc"
	"net/rpc/jsonrpc"
	"os"
	"strconv"
	"sync"
	"time"
)

type node struct {
	addr  string
	count int
}

type nodes struct {
	sync.Mutex
	all map[string]*node
}

func (n *nodes) add(addr string) {
	n.Lock()
	defer n.Unlock()
	if n.all[addr] == nil {
		n.all[addr] = &node{addr: addr}
	}
}

func (n *nodes) remove(addr string) {
	n.Lock()
	defer n.Unlock()
	delete(n.all, addr)
}

func (n *nodes) names() []string {
	n.Lock()
	defer n.Unlock()
	names := []string{}
	for addr := range n.all {
		names = append(names, addr)
	}
	return names
}

// least picks a node and counts the call in one step.
func (n *nodes) least() *node {
	n.Lock()
	defer n.Unlock()
	var best *node
	for _, one := range n.all {
		if best == nil || one.count < best.count {
			best = one
		}
	}
	if best != nil {
		best.count++
	}
	return best
}

func (n *nodes) done(one *node) {
	n.Lock()
	defer n.Unlock()
	one.count--
}

func (n *nodes) call(method string, args any, reply any) error {
	for {
		one := n.least()
		if one == nil {
			return errors.New("no node")
		}
		client, err := jsonrpc.Dial("tcp", one.addr)
		if err == nil {
			err = client.Call(method, args, reply)
			client.Close()
		}
		n.done(one)
		var said rpc.ServerError
		if err == nil || errors.As(err, &said) {
			return err
		}
		n.remove(one.addr)
	}
}

// watch connects to each node and hangs up; a node that cannot be reached is removed.
func (n *nodes) watch(every time.Duration) {
	for range time.Tick(every) {
		for _, addr := range n.names() {
			connection, err := net.DialTimeout("tcp", addr, time.Second)
			if err != nil {
				n.remove(addr)
				continue
			}
			connection.Close()
		}
	}
}

func answer(w http.ResponseWriter, value any, err error) {
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	fmt.Fprintln(w, value)
}

func main() {
	registered := &nodes{all: map[string]*node{}}
	http.HandleFunc("/register-node", func(w http.ResponseWriter, r *http.Request) {
		host, _, err := net.SplitHostPort(r.RemoteAddr)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		registered.add(net.JoinHostPort(host, r.URL.Query().Get("port")))
		w.WriteHeader(http.StatusCreated)
	})
	http.HandleFunc("/nodes", func(w http.ResponseWriter, _ *http.Request) {
		json.NewEncoder(w).Encode(registered.names())
	})
	http.HandleFunc("/forget", func(w http.ResponseWriter, _ *http.Request) {
		for _, addr := range registered.names() {
			registered.remove(addr)
		}
	})
	http.HandleFunc("/sum", func(w http.ResponseWriter, _ *http.Request) {
		total := 0
		err := registered.call("Arith.Sum", &[]int{2, 4, 6}, &total)
		answer(w, total, err)
	})
	http.HandleFunc("/fail", func(w http.ResponseWriter, _ *http.Request) {
		total := 0
		err := registered.call("Arith.Fail", 1, &total)
		answer(w, total, err)
	})
	http.HandleFunc("/note", func(w http.ResponseWriter, _ *http.Request) {
		done := false
		err := registered.call("Arith.Note", "a text", &done)
		answer(w, done, err)
	})
	http.HandleFunc("/missing", func(w http.ResponseWriter, _ *http.Request) {
		total := 0
		err := registered.call("Arith.Missing", 1, &total)
		answer(w, total, err)
	})
	http.HandleFunc("/count", func(w http.ResponseWriter, r *http.Request) {
		n, _ := strconv.Atoi(r.URL.Query().Get("n"))
		count := 0
		err := registered.call("Palindrom.CheckN", struct{ Start, End int }{0, n}, &count)
		answer(w, count, err)
	})
	port := "0"
	if len(os.Args) > 1 {
		port = os.Args[1]
	}
	listener, err := net.Listen("tcp", "127.0.0.1:"+port)
	if err != nil {
		log.Fatal(err)
	}
	go registered.watch(200 * time.Millisecond)
	fmt.Println(listener.Addr().(*net.TCPAddr).Port)
	log.Fatal(http.Serve(listener, nil))
}
