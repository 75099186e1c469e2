/**
 * Where the log goes: standard error or syslog, and no more lines a second than somebody can read. {@code serve} may
 * use it, and {@code Oriel}.
 */
package dev.oriel.app.log;
