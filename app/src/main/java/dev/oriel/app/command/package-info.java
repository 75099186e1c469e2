/**
 * What every command needs: how it fails, and how it writes. Uses no other package of the application; all of them
 * may use it.
 */
package dev.oriel.app.command;
