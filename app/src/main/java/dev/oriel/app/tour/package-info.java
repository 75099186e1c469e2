/** {@code oriel try}: a Linux guest that shows a share. {@code bench} takes its tree of files. */
package dev.oriel.app.tour;
