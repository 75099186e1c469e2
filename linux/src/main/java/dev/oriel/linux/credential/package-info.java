/**
 * As whom a thread acts, and what a process may do: ids, capabilities, its filter of system calls, and which files it
 * may reach.
 */
package dev.oriel.linux.credential;
