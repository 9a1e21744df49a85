// The command of the article, in Go: bash starts `watch`, and `watch` starts `top` every two seconds.
//
//	go run article.go            # nothing is left
//	go run article.go --plain    # `watch top` lives on
package main

import (
	"fmt"
	"os"
	"os/exec"
	"time"
)

func main() {
	words := []string{"pdeathsig", "bash", "-c", "watch top > top.log; true"}
	if len(os.Args) > 1 && os.Args[1] == "--plain" {
		words = words[1:]
	}
	cmd := exec.Command(words[0], words[1:]...)
	if err := cmd.Start(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println("started", cmd.Process.Pid)
	time.Sleep(time.Second)
	// SIGKILL to one process: to bash, or to pdeathsig, whose other half kills the tree.
	if err := cmd.Process.Kill(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	cmd.Wait()
	fmt.Println("killed")
}
