/**
 * How C functions and system calls are called, and what differs between processors. Only packages of this module may
 * use it.
 */
package dev.oriel.linux.abi;
