import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassFileVersion;
import java.lang.classfile.ClassHierarchyResolver;
import java.lang.classfile.ClassModel;
import java.lang.classfile.ClassTransform;
import java.lang.classfile.CodeTransform;
import java.lang.constant.ClassDesc;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.jar.JarOutputStream;

/**
 * Copies a jar, with classes of Java 5 written as classes of Java 8: with stack maps, as Java 6 brought them. A JVM
 * keeps no class without them in its start cache (JEP 483), and picocli, which describes each command when it starts,
 * is such a jar.
 *
 * <p>{@code java ModernClasses.java FROM TO}
 */
final class ModernClasses {
    private final JarFile jar;
    private final ClassFile classFile = ClassFile.of(
            ClassFile.StackMapsOption.GENERATE_STACK_MAPS,
            ClassFile.ClassHierarchyResolverOption.of(ClassHierarchyResolver.ofResourceParsing(this::classOfJar)
                    .orElse(ClassHierarchyResolver.defaultResolver())));

    private ModernClasses(JarFile jar) {
        this.jar = jar;
    }

    public static void main(String[] arguments) throws IOException {
        try (JarFile from = new JarFile(arguments[0]);
                JarOutputStream to = new JarOutputStream(Files.newOutputStream(Path.of(arguments[1])))) {
            ModernClasses classes = new ModernClasses(from);
            for (JarEntry entry : Collections.list(from.entries())) {
                JarEntry copy = new JarEntry(entry.getName());
                copy.setTime(entry.getTime());
                to.putNextEntry(copy);
                to.write(classes.modern(entry));
                to.closeEntry();
            }
        }
    }

    private byte[] modern(JarEntry entry) throws IOException {
        byte[] bytes;
        try (InputStream in = jar.getInputStream(entry)) {
            bytes = in.readAllBytes();
        }
        if (!entry.getName().endsWith(".class")) {
            return bytes;
        }
        ClassModel model = classFile.parse(bytes);
        if (model.majorVersion() >= ClassFile.JAVA_6_VERSION) {
            return bytes;
        }
        ClassTransform version = (builder, element) -> builder.with(
                element instanceof ClassFileVersion ? ClassFileVersion.of(ClassFile.JAVA_8_VERSION, 0) : element);
        return classFile.transformClass(
                model, ClassTransform.transformingMethodBodies(CodeTransform.ACCEPT_ALL).andThen(version));
    }

    private InputStream classOfJar(ClassDesc type) {
        String descriptor = type.descriptorString();
        JarEntry entry = jar.getJarEntry(descriptor.substring(1, descriptor.length() - 1) + ".class");
        try {
            return entry == null ? null : jar.getInputStream(entry);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
