package dev.oriel.app.serve;

/** How ranges of a DAX window get their content. */
enum DaxMode {
    AUTO,
    DIRECT,
    STAGED
}
