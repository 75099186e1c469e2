/** Packages, installed where there is nothing but them. */
@org.jspecify.annotations.NullMarked
package dev.oriel.packagetests;
