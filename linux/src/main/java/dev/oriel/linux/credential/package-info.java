/** What a process may do: its filter of system calls, and which files it may reach. */
package dev.oriel.linux.credential;
