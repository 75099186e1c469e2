package dev.oriel.app.plugin;

import dev.oriel.filesystem.FileSystem;
import java.util.Set;

/**
 * What plug-ins see beside their own jars: the JDK, and what the modules of Oriel that a file system needs have
 * exported. What the command line uses for itself is not theirs, so they can bring another version of it.
 */
final class ExportedClasses extends ClassLoader {
    private static final Set<String> PREFIXES =
            Set.of("dev.oriel.linux.", "dev.oriel.fuse.", "dev.oriel.filesystem.", "org.jspecify.");

    static {
        registerAsParallelCapable();
    }

    ExportedClasses() {
        super("oriel-exported", ClassLoader.getPlatformClassLoader());
    }

    @Override
    protected Class<?> findClass(String name) throws ClassNotFoundException {
        if (PREFIXES.stream().noneMatch(name::startsWith)) {
            throw new ClassNotFoundException(name);
        }
        Class<?> found = Class.forName(name, false, FileSystem.class.getClassLoader());
        if (!found.getModule().isExported(found.getPackageName())) {
            throw new ClassNotFoundException(name + " is not for plug-ins");
        }
        return found;
    }
}
