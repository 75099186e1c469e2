package dev.oriel.app.hostile;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * The launcher with what is under test, laid out as a clone that has been built: so a server is started as people start
 * it, behind all its walls.
 */
final class ConfinedOriel {
    private static final Path REPOSITORY = Path.of("..").toAbsolutePath().normalize();

    private ConfinedOriel() {}

    /**
     * Lays it out.
     *
     * @param root an empty folder
     * @return the program
     */
    static Path layOut(Path root) throws IOException {
        copy(REPOSITORY.resolve("scripts"), root.resolve("scripts"));
        Path target = Files.createDirectories(root.resolve("app/target"));
        // in the place of a folder for start caches: none is made, which would take longer than it saves
        Files.createFile(target.resolve("cache"));
        Path modules = Files.createDirectory(target.resolve("modules"));
        String modulePath = System.getProperty("jdk.module.path");
        for (String entry : List.of(modulePath.split(File.pathSeparator, -1))) {
            Path module = Path.of(entry);
            copy(module, modules.resolve(name(module)));
        }
        return Files.copy(REPOSITORY.resolve("oriel"), root.resolve("oriel"));
    }

    /** The launcher looks for the jar of the app; Java takes folders too, whatever they are called. */
    private static String name(Path module) {
        if (module.endsWith("app/target/classes")) {
            return "oriel-app-tested.jar";
        }
        return Files.isDirectory(module)
                ? module.toString().replace('/', '_')
                : module.getFileName().toString();
    }

    private static void copy(Path from, Path to) throws IOException {
        try (Stream<Path> tree = Files.walk(from)) {
            for (Path path : tree.toList()) {
                Files.copy(
                        path,
                        path.equals(from)
                                ? to
                                : to.resolve(from.relativize(path).toString()));
            }
        }
    }
}
