/** {@code oriel status} and {@code oriel top}: what a server does, asked over its control socket. */
package dev.oriel.app.watch;
