/** {@code oriel bench}: the command lines of the benchmarks. Only {@code Oriel} may use it. */
package dev.oriel.app.bench;
