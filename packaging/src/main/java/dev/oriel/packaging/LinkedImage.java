package dev.oriel.packaging;

import java.io.IOException;
import java.lang.module.ModuleDescriptor;
import java.lang.module.ModuleFinder;
import java.lang.module.ModuleReference;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.spi.ToolProvider;
import java.util.stream.Stream;

/**
 * Links a Java with the modules of a folder in it. A jar without a module description cannot be linked, nor can what
 * needs it: such jars are put beside the image.
 *
 * <p>{@code LinkedImage JARS IMAGE BESIDE}; the folder {@code BESIDE} is made if there is anything to put into it.
 */
public final class LinkedImage {
    /** What plug-ins need of the JDK beside what Oriel needs (docs/packages.md). */
    private static final List<String> FOR_PLUG_INS = List.of(
            "java.logging",
            "java.management",
            "java.naming",
            "java.net.http",
            "java.security.jgss",
            "java.security.sasl",
            "java.sql",
            "java.xml",
            "jdk.jfr",
            "jdk.naming.dns",
            "jdk.net",
            "jdk.security.auth",
            "jdk.security.jgss",
            "jdk.unsupported",
            "jdk.zipfs");

    private LinkedImage() {}

    /** Links it; ends with status 1 where jlink does. */
    public static void main(String[] arguments) throws IOException {
        Path jars = Path.of(arguments[0]);
        Set<ModuleReference> modules = ModuleFinder.of(jars).findAll();
        Set<String> beside =
                beside(modules.stream().map(ModuleReference::descriptor).toList());
        Set<String> roots = new TreeSet<>(FOR_PLUG_INS);
        Path folder = Files.createDirectories(jars.resolveSibling("linked"));
        for (ModuleReference module : modules) {
            ModuleDescriptor descriptor = module.descriptor();
            Path jar = Path.of(module.location().map(URI::getPath).orElseThrow());
            if (beside.contains(descriptor.name())) {
                Files.copy(jar, Files.createDirectories(Path.of(arguments[2])).resolve(jar.getFileName()));
                descriptor.requires().stream()
                        .map(ModuleDescriptor.Requires::name)
                        .filter(name -> ModuleFinder.ofSystem().find(name).isPresent())
                        .forEach(roots::add);
            } else {
                Files.copy(jar, folder.resolve(jar.getFileName()));
                roots.add(descriptor.name());
            }
        }
        List<String> words = new ArrayList<>(List.of("--module-path", folder.toString(), "--output", arguments[1]));
        words.addAll(List.of("--add-modules", String.join(",", roots), "--strip-java-debug-attributes"));
        words.addAll(List.of("--no-header-files", "--no-man-pages"));
        // jlink keeps of it the version alone.
        words.add("--release-info=" + Path.of(System.getProperty("java.home"), "release"));
        ToolProvider jlink = ToolProvider.findFirst("jlink").orElseThrow();
        System.exit(jlink.run(System.out, System.err, words.toArray(String[]::new)));
    }

    /** The names of those that are automatic, and of those that require one of these. */
    static Set<String> beside(List<ModuleDescriptor> modules) {
        Set<String> beside = new HashSet<>();
        boolean grows = true;
        while (grows) {
            grows = false;
            for (ModuleDescriptor module : modules) {
                boolean unlinkable = module.isAutomatic() || requires(module).anyMatch(beside::contains);
                grows |= unlinkable && beside.add(module.name());
            }
        }
        return beside;
    }

    private static Stream<String> requires(ModuleDescriptor module) {
        return module.requires().stream()
                .filter(required -> !required.modifiers().contains(ModuleDescriptor.Requires.Modifier.STATIC))
                .map(ModuleDescriptor.Requires::name);
    }
}
