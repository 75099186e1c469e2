/**
 * The vhost-user protocol as it is on the wire, once for all who speak it: numbers of requests, features, payloads, and
 * one channel for either direction of either socket. Calls {@code dev.oriel.socket} only. Back-end and front-end call
 * it, and whoever asks a server a question without being a front-end.
 */
package dev.oriel.vhostuser.wire;
