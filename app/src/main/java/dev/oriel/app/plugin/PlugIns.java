package dev.oriel.app.plugin;

import dev.oriel.app.command.CommandFailed;
import java.io.File;
import java.io.IOException;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** Folders of jars that add kinds of shares: each has a class loader of its own, so that no two disturb each other. */
final class PlugIns {
    /** The folders, with colons between them; set by the launcher. */
    private static final String PROPERTY = "oriel.plugins";

    private PlugIns() {}

    /**
     * The class loaders of all plug-ins. They stay open for the life of the process.
     *
     * @throws CommandFailed if a folder cannot be read
     */
    static List<ClassLoader> loaders() throws CommandFailed {
        List<ClassLoader> loaders = new ArrayList<>();
        ClassLoader parent = new ExportedClasses();
        for (String folder : System.getProperty(PROPERTY, "").split(File.pathSeparator, -1)) {
            if (!folder.isEmpty()) {
                loaders.add(loader(Path.of(folder), parent));
            }
        }
        return loaders;
    }

    private static ClassLoader loader(Path folder, ClassLoader parent) throws CommandFailed {
        List<URL> jars = new ArrayList<>();
        try (Stream<Path> files = Files.list(folder)) {
            for (Path jar : files.filter(file -> file.toString().endsWith(".jar"))
                    .sorted()
                    .toList()) {
                jars.add(url(jar));
            }
        } catch (IOException unreadable) {
            throw new CommandFailed(
                    "the plug-in " + folder + " cannot be read: " + unreadable.getMessage(), unreadable);
        }
        return new URLClassLoader("plug-in " + folder, jars.toArray(URL[]::new), parent);
    }

    private static URL url(Path jar) throws MalformedURLException {
        return jar.toUri().toURL();
    }
}
