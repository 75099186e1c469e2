/**
 * What a server tells of itself while it serves, on sockets of its own: its status as JSON for {@code oriel status} and
 * {@code oriel top}, and its metrics as OpenMetrics. {@code serve} opens the sockets and says which guests there are.
 */
package dev.oriel.app.control;
