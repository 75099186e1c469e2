package dev.oriel.driver.nio;

import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.ProviderMismatchException;
import java.nio.file.WatchEvent;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A path in a share: names of bytes, as Linux has them. Names that are no UTF-8 can be listed and used, and are shown
 * with U+FFFD. Immutable.
 */
final class VirtioPath implements Path {
    private static final byte[] EMPTY = {};

    private final VirtioFileSystem fileSystem;
    private final boolean absolute;
    private final List<byte[]> names;

    VirtioPath(VirtioFileSystem fileSystem, boolean absolute, List<byte[]> names) {
        this.fileSystem = fileSystem;
        this.absolute = absolute;
        this.names = names;
    }

    /** Takes text apart; "" is the path with one empty name. */
    static VirtioPath parse(VirtioFileSystem fileSystem, String text) {
        if (text.indexOf('\0') >= 0) {
            throw new InvalidPathException(text, "a path cannot contain NUL");
        }
        List<byte[]> names = new ArrayList<>();
        for (String name : text.split("/", -1)) {
            if (!name.isEmpty()) {
                names.add(name.getBytes(StandardCharsets.UTF_8));
            }
        }
        boolean absolute = text.startsWith("/");
        return of(fileSystem, absolute, names);
    }

    private static VirtioPath of(VirtioFileSystem fileSystem, boolean absolute, List<byte[]> names) {
        return new VirtioPath(fileSystem, absolute, names.isEmpty() && !absolute ? List.of(EMPTY) : List.copyOf(names));
    }

    /** Takes the bytes of a path apart, as a symbolic link has them; "" is the path with one empty name. */
    static VirtioPath parse(VirtioFileSystem fileSystem, byte[] bytes) {
        List<byte[]> names = new ArrayList<>();
        int start = 0;
        for (int i = 0; i <= bytes.length; i++) {
            if (i == bytes.length || bytes[i] == '/') {
                if (i > start) {
                    names.add(Arrays.copyOfRange(bytes, start, i));
                }
                start = i + 1;
            }
        }
        return of(fileSystem, bytes.length > 0 && bytes[0] == '/', names);
    }

    /** The path of this kind; a path of another provider is refused. */
    static VirtioPath of(Path path) {
        if (path instanceof VirtioPath virtio) {
            return virtio;
        }
        Objects.requireNonNull(path);
        throw new ProviderMismatchException(path + " is not in a virtio-fs share");
    }

    /** The names in order; the path "" has none. */
    List<byte[]> components() {
        return isEmpty() ? List.of() : names;
    }

    /** The path as the share has it. */
    byte[] toBytes() {
        byte[] bytes = new byte[length()];
        int at = 0;
        for (int i = 0; i < names.size(); i++) {
            if (i > 0 || absolute) {
                bytes[at++] = '/';
            }
            System.arraycopy(names.get(i), 0, bytes, at, names.get(i).length);
            at += names.get(i).length;
        }
        if (names.isEmpty()) {
            bytes[0] = '/';
        }
        return bytes;
    }

    /** Bytes of the path. */
    int length() {
        long length = names.isEmpty() ? 1 : (absolute ? 0 : -1);
        for (byte[] name : names) {
            length += 1 + name.length;
        }
        return Math.toIntExact(length);
    }

    private boolean isEmpty() {
        return !absolute && names.size() == 1 && names.getFirst().length == 0;
    }

    /** Whether a name is "." or "..". */
    static boolean isDots(byte[] name) {
        return (name.length == 1 && name[0] == '.') || (name.length == 2 && name[0] == '.' && name[1] == '.');
    }

    VirtioPath resolve(byte[] name) {
        List<byte[]> all = new ArrayList<>(components());
        all.add(name);
        return of(fileSystem, absolute, all);
    }

    private static String text(byte[] name) {
        return new String(name, StandardCharsets.UTF_8);
    }

    @Override
    public VirtioFileSystem getFileSystem() {
        return fileSystem;
    }

    @Override
    public boolean isAbsolute() {
        return absolute;
    }

    @Override
    public @Nullable VirtioPath getRoot() {
        return absolute ? of(fileSystem, true, List.of()) : null;
    }

    @Override
    public @Nullable VirtioPath getFileName() {
        return names.isEmpty() ? null : of(fileSystem, false, List.of(names.getLast()));
    }

    @Override
    public @Nullable VirtioPath getParent() {
        if (names.isEmpty() || (names.size() == 1 && !absolute)) {
            return null;
        }
        return of(fileSystem, absolute, names.subList(0, names.size() - 1));
    }

    @Override
    public int getNameCount() {
        return names.size();
    }

    @Override
    public VirtioPath getName(int index) {
        return subpath(index, index + 1);
    }

    @Override
    public VirtioPath subpath(int beginIndex, int endIndex) {
        if (beginIndex < 0 || endIndex > names.size() || beginIndex >= endIndex) {
            throw new IllegalArgumentException("names " + beginIndex + " to " + endIndex + " of " + names.size());
        }
        return of(fileSystem, false, names.subList(beginIndex, endIndex));
    }

    @Override
    public boolean startsWith(Path other) {
        return other instanceof VirtioPath that
                && that.fileSystem == fileSystem
                && that.absolute == absolute
                && that.names.size() <= names.size()
                && same(names.subList(0, that.names.size()), that.names);
    }

    @Override
    public boolean endsWith(Path other) {
        if (!(other instanceof VirtioPath that) || that.fileSystem != fileSystem || that.names.size() > names.size()) {
            return false;
        }
        if (that.absolute) {
            return equals(that);
        }
        return same(names.subList(names.size() - that.names.size(), names.size()), that.names);
    }

    private static boolean same(List<byte[]> some, List<byte[]> others) {
        if (some.size() != others.size()) {
            return false;
        }
        for (int i = 0; i < some.size(); i++) {
            if (!Arrays.equals(some.get(i), others.get(i))) {
                return false;
            }
        }
        return true;
    }

    @Override
    public VirtioPath normalize() {
        List<byte[]> kept = new ArrayList<>();
        for (byte[] name : components()) {
            String text = text(name);
            boolean climbs = text.equals("..");
            if (climbs && !kept.isEmpty() && !text(kept.getLast()).equals("..")) {
                kept.removeLast();
            } else if (!text.equals(".") && !(climbs && absolute)) {
                kept.add(name);
            }
        }
        return of(fileSystem, absolute, kept);
    }

    @Override
    public VirtioPath resolve(Path other) {
        VirtioPath that = of(other);
        if (that.absolute || isEmpty()) {
            return that;
        }
        List<byte[]> all = new ArrayList<>(names);
        all.addAll(that.components());
        return of(fileSystem, absolute, all);
    }

    @Override
    public VirtioPath relativize(Path other) {
        VirtioPath that = of(other);
        if (that.absolute != absolute) {
            throw new IllegalArgumentException("one of " + this + " and " + that + " is absolute and the other is not");
        }
        List<byte[]> mine = components();
        List<byte[]> others = that.components();
        int common = 0;
        while (common < mine.size() && common < others.size() && Arrays.equals(mine.get(common), others.get(common))) {
            common++;
        }
        List<byte[]> way = new ArrayList<>();
        for (int i = common; i < mine.size(); i++) {
            way.add(new byte[] {'.', '.'});
        }
        way.addAll(others.subList(common, others.size()));
        return of(fileSystem, false, way);
    }

    @Override
    public URI toUri() {
        VirtioPath path = toAbsolutePath();
        try {
            return new URI(VirtioFileSystemProvider.SCHEME, "", fileSystem.socket() + "!" + path, null);
        } catch (URISyntaxException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    @Override
    public VirtioPath toAbsolutePath() {
        return absolute ? this : of(fileSystem, true, components());
    }

    @Override
    public VirtioPath toRealPath(LinkOption... options) throws IOException {
        return fileSystem.realPath(this, !Arrays.asList(options).contains(LinkOption.NOFOLLOW_LINKS));
    }

    @Override
    public WatchKey register(WatchService watcher, WatchEvent.Kind<?>[] events, WatchEvent.Modifier... modifiers)
            throws IOException {
        if (!(watcher instanceof PollingWatchService service)) {
            throw new ProviderMismatchException("the watch service is not one of a virtio-fs share");
        }
        return service.register(this, events, modifiers);
    }

    @Override
    public int compareTo(Path other) {
        VirtioPath that = (VirtioPath) other;
        if (absolute != that.absolute) {
            return absolute ? -1 : 1;
        }
        int shared = Math.min(names.size(), that.names.size());
        for (int i = 0; i < shared; i++) {
            int order = Arrays.compareUnsigned(names.get(i), that.names.get(i));
            if (order != 0) {
                return order;
            }
        }
        return Integer.compare(names.size(), that.names.size());
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof VirtioPath that
                && that.fileSystem == fileSystem
                && that.absolute == absolute
                && same(names, that.names);
    }

    @Override
    public int hashCode() {
        int hash = Boolean.hashCode(absolute);
        for (byte[] name : names) {
            hash = 31 * hash + Arrays.hashCode(name);
        }
        return hash;
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder(absolute ? "/" : "");
        for (int i = 0; i < names.size(); i++) {
            text.append(i == 0 ? "" : "/").append(text(names.get(i)));
        }
        return text.toString();
    }
}
