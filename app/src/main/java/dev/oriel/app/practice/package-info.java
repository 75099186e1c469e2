/**
 * A server that practises before it is asked: it serves itself a private folder in memory for at most a second. Called
 * by {@code serve} only; knows nothing of the share.
 */
package dev.oriel.app.practice;
