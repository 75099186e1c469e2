package dev.oriel.packaging;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.oriel.app.command.Json;
import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Prints what a package is made of, in the form of CycloneDX 1.6.
 *
 * <p>{@code BillOfMaterials ARTIFACTS RELEASE VERSION [PACKAGES]}: the list of Maven's dependency plugin, with the
 * paths of the jars; the file {@code release} of the image's Java; the version of the package; and, where packages of Debian
 * are part of it, a file with a name and a version in each line.
 */
public final class BillOfMaterials {
    /** GROUP:ARTIFACT:jar:VERSION:SCOPE:PATH, and what the plugin says of its module. */
    private static final Pattern ARTIFACT =
            Pattern.compile("\\s*([^:\\s]+):([^:]+):jar:([^:]+):[a-z]+:(\\S.*?\\.jar)( -- .*)?");

    private static final Pattern LICENCE = Pattern.compile("<license>\\s*<name>([^<]*)</name>");
    private static final Pattern PARENT = Pattern.compile("<parent>\\s*<groupId>([^<]*)</groupId>\\s*"
            + "<artifactId>([^<]*)</artifactId>\\s*<version>([^<]*)</version>");
    private static final String OURS = "dev.oriel";
    private static final String APACHE = "Apache-2.0";

    private BillOfMaterials() {}

    /** Prints it. */
    public static void main(String[] arguments) throws IOException {
        List<Object> components = new ArrayList<>();
        for (String line : Files.readAllLines(Path.of(arguments[0]))) {
            Matcher artifact = ARTIFACT.matcher(line);
            if (artifact.matches()) {
                components.add(
                        artifact(artifact.group(1), artifact.group(2), artifact.group(3), Path.of(artifact.group(4))));
            }
        }
        components.add(java(Path.of(arguments[1])));
        if (arguments.length > 3) {
            for (String line : Files.readAllLines(Path.of(arguments[3]))) {
                String[] words = line.split(" ", -1);
                components.add(debian(words[0], words[1]));
            }
        }
        System.out.println(Json.write(document(arguments[2], components)));
    }

    static Map<String, Object> document(String version, List<Object> components) {
        Map<String, Object> program = component("application", "oriel", version);
        program.put("licenses", List.of(Map.of("license", Map.of("id", APACHE))));
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("bomFormat", "CycloneDX");
        document.put("specVersion", "1.6");
        document.put("version", 1);
        document.put("metadata", Map.of("component", program));
        document.put("components", components);
        return document;
    }

    private static Map<String, Object> component(String type, String name, String version) {
        Map<String, Object> component = new LinkedHashMap<>();
        component.put("type", type);
        component.put("name", name);
        component.put("version", version);
        return component;
    }

    private static Map<String, Object> artifact(String group, String name, String version, Path jar)
            throws IOException {
        Map<String, Object> component = component("library", name, version);
        component.put("group", group);
        component.put("purl", "pkg:maven/%s/%s@%s".formatted(group, name, version));
        component.put("hashes", List.of(hash(jar)));
        List<Object> licences = licences(group, jar);
        if (!licences.isEmpty()) {
            component.put("licenses", licences);
        }
        return component;
    }

    private static Map<String, Object> hash(Path jar) throws IOException {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(jar));
            Map<String, Object> hash = new LinkedHashMap<>();
            hash.put("alg", "SHA-256");
            hash.put("content", HexFormat.of().formatHex(digest));
            return hash;
        } catch (NoSuchAlgorithmException everyJavaHasIt) {
            throw new IllegalStateException(everyJavaHasIt);
        }
    }

    /** As the pom beside a jar of the local repository names them, or a parent of that pom. */
    private static List<Object> licences(String group, Path jar) throws IOException {
        if (group.equals(OURS)) {
            return List.of(Map.of("license", Map.of("id", APACHE)));
        }
        Path pom = jar.resolveSibling(jar.getFileName().toString().replaceFirst("\\.jar$", ".pom"));
        Path repository = Path.of("/").resolve(pom.subpath(0, pom.getNameCount() - group.split("\\.", -1).length - 3));
        while (Files.exists(pom)) {
            String text = Files.readString(pom);
            List<Object> licences = LICENCE.matcher(text)
                    .results()
                    .<Object>map(named ->
                            Map.of("license", Map.of("name", named.group(1).strip())))
                    .toList();
            Matcher parent = PARENT.matcher(text);
            if (!licences.isEmpty() || !parent.find()) {
                return licences;
            }
            String name = parent.group(2);
            String version = parent.group(3);
            pom = repository
                    .resolve(parent.group(1).replace('.', '/'))
                    .resolve(name)
                    .resolve(version)
                    .resolve(name + "-" + version + ".pom");
        }
        return List.of();
    }

    private static Map<String, Object> java(Path release) throws IOException {
        Properties properties = new Properties();
        try (Reader reader = Files.newBufferedReader(release, UTF_8)) {
            properties.load(reader);
        }
        String version = property(properties, "JAVA_RUNTIME_VERSION");
        Map<String, Object> component =
                component("platform", "OpenJDK", version.isEmpty() ? property(properties, "JAVA_VERSION") : version);
        component.put("publisher", property(properties, "IMPLEMENTOR"));
        component.put("licenses", List.of(Map.of("expression", "GPL-2.0-only WITH Classpath-exception-2.0")));
        return component;
    }

    private static String property(Properties properties, String name) {
        return properties.getProperty(name, "").replace("\"", "");
    }

    private static Map<String, Object> debian(String name, String version) {
        Map<String, Object> component = component("library", name, version);
        component.put("purl", "pkg:deb/debian/%s@%s".formatted(name, version));
        return component;
    }
}
