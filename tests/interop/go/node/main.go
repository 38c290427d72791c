// A node as the Go package makes it: registers with a master by HTTP and serves net/rpc/jsonrpc on its own port.
//
//	node MASTER [PORT]
package main

import (
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"net/rpc"
	"net/rpc/jsonrpc"
	"os"
	"time"
)

type Arith struct{}

func (Arith) Sum(values *[]int, total *int) error {
	for _, value := range *values {
		*total += value
	}
	return nil
}

func (Arith) Half(value *float64, half *float64) error {
	*half = *value / 2
	return nil
}

func (Arith) Fail(_ *int, _ *int) error { return errors.New("it fails on purpose") }

// Exit ends the process in the middle of the call.
func (Arith) Exit(status *int, _ *int) error {
	os.Exit(*status)
	return nil
}

// Hold answers long after its connection has gone; it ends with the process.
func (Arith) Hold(_ *int, _ *int) error { select {} }

type Palindrom struct{}

func (Palindrom) Check(value *int, answer *bool) error {
	reversed := 0
	for left := *value; left > 0; left /= 2 {
		reversed = reversed*2 + left%2
	}
	*answer = reversed == *value
	return nil
}

type Range struct{ Start, End int }

func (p Palindrom) CheckN(within *Range, count *int) error {
	for value := within.Start; value < within.End; value++ {
		var is bool
		if err := p.Check(&value, &is); err != nil {
			return err
		}
		if is {
			*count++
		}
	}
	return nil
}

func register(master string, port int) error {
	client := http.Client{Timeout: 5 * time.Second}
	answer, err := client.Get(fmt.Sprintf("http://%s/register-node?port=%d", master, port))
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusCreated {
		return fmt.Errorf("the master answered %s", answer.Status)
	}
	return nil
}

func main() {
	port := "0"
	if len(os.Args) > 2 {
		port = os.Args[2]
	}
	listener, err := net.Listen("tcp", "127.0.0.1:"+port)
	if err != nil {
		log.Fatal(err)
	}
	server := rpc.NewServer()
	for _, service := range []any{Arith{}, Palindrom{}} {
		if err := server.Register(service); err != nil {
			log.Fatal(err)
		}
	}
	own := listener.Addr().(*net.TCPAddr).Port
	if err := register(os.Args[1], own); err != nil {
		log.Fatal(err)
	}
	fmt.Println(own)
	for {
		connection, err := listener.Accept()
		if err != nil {
			log.Fatal(err)
		}
		go server.ServeCodec(jsonrpc.NewServerCodec(connection))
	}
}
