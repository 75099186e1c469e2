/**
 * {@code oriel serve}: its options, the checks of the host before it listens, the server, and a server as a process
 * of its own for who compares or shows one ({@code tour}, {@code bench}).
 */
package dev.oriel.app.serve;
