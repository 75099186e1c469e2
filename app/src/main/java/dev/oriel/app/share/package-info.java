/**
 * {@code oriel ls, cat, cp, stat, tree, df}: a share read and written without a virtual machine, by the driver. Only
 * {@code Oriel} may use it.
 */
package dev.oriel.app.share;
