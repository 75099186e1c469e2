/** Real Linux guests for tests and for {@code oriel try}. */
@org.jspecify.annotations.NullMarked
module dev.oriel.guests {
    requires static transitive org.jspecify;

    exports dev.oriel.guests;
}
