import java.nio.file.*;

/** Prints all that a share has: {@code ReadAShare SOCKET}. */
void main(String[] arguments) throws Exception {
    try (var share = FileSystems.newFileSystem(Path.of(arguments[0]));
            var files = Files.walk(share.getPath("/"))) {
        files.forEach(IO::println);
    }
}
