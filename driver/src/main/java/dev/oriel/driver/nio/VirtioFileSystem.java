package dev.oriel.driver.nio;

import dev.oriel.driver.Attributes;
import dev.oriel.driver.FuseClient;
import dev.oriel.driver.FuseException;
import dev.oriel.linux.Errno;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.ClosedFileSystemException;
import java.nio.file.FileStore;
import java.nio.file.FileSystem;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.nio.file.WatchService;
import java.nio.file.attribute.GroupPrincipal;
import java.nio.file.attribute.UserPrincipal;
import java.nio.file.attribute.UserPrincipalLookupService;
import java.nio.file.attribute.UserPrincipalNotFoundException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** A share as a file system of java.nio.file: one connection to its device, until closed. */
final class VirtioFileSystem extends FileSystem {
    /** Most symbolic links in a path, as in Linux (MAXSYMLINKS). */
    private static final int LINKS_MAX = 40;

    private final VirtioFileSystemProvider provider;
    private final Path socket;
    private final FuseClient client;
    private final NodeTable nodes;
    private volatile boolean closed;

    VirtioFileSystem(VirtioFileSystemProvider provider, Path socket, FuseClient client) throws FuseException {
        this.provider = provider;
        this.socket = socket;
        this.client = client;
        nodes = new NodeTable(client);
    }

    Path socket() {
        return socket;
    }

    FuseClient client() {
        if (closed) {
            throw new ClosedFileSystemException();
        }
        return client;
    }

    NodeTable nodes() {
        return nodes;
    }

    /**
     * Follows a path.
     *
     * @param follow whether a symbolic link at its end is followed too
     * @return the node at its end; to be closed
     */
    Node find(VirtioPath path, boolean follow) throws IOException {
        try {
            return walk(path, follow, null);
        } catch (FuseException failed) {
            throw Failures.of(failed, path);
        }
    }

    /** Follows all but the last name: the directory it is in; to be closed. */
    Node findParent(VirtioPath path) throws IOException {
        VirtioPath parent = path.toAbsolutePath().getParent();
        if (parent == null) {
            throw Failures.of(new FuseException("change the root of a share", Errno.EBUSY), path);
        }
        try {
            return walk(parent, true, null);
        } catch (FuseException failed) {
            throw Failures.of(failed, path);
        }
    }

    /** The path without symbolic links, "." and "..". */
    VirtioPath realPath(VirtioPath path, boolean follow) throws IOException {
        List<byte[]> names = new ArrayList<>();
        try (Node _ = walk(path, follow, names)) {
            return new VirtioPath(this, true, List.copyOf(names));
        } catch (FuseException failed) {
            throw Failures.of(failed, path);
        }
    }

    /** Walks name by name, keeping the way for "..". */
    private Node walk(VirtioPath path, boolean follow, @Nullable List<byte[]> real) throws FuseException {
        client();
        Deque<byte[]> left = new ArrayDeque<>(path.components());
        List<byte[]> way = new ArrayList<>();
        List<Node> held = new ArrayList<>();
        held.add(nodes.root());
        int links = 0;
        try {
            while (!left.isEmpty()) {
                byte[] name = left.removeFirst();
                String text = name.length <= 2 ? new String(name, StandardCharsets.UTF_8) : "";
                if (!held.getLast().attributes().isDirectory()) {
                    throw new FuseException("follow " + path, Errno.ENOTDIR);
                }
                if (text.equals(".")) {
                    continue;
                }
                if (text.equals("..")) {
                    if (held.size() > 1) {
                        held.removeLast().close();
                        way.removeLast();
                    }
                    continue;
                }
                Node node = nodes.lookup(held.getLast(), name, left.isEmpty());
                if (!node.attributes().isSymbolicLink() || (left.isEmpty() && !follow)) {
                    held.add(node);
                    way.add(name);
                    continue;
                }
                String target;
                try (node) {
                    target = new String(client.readlink(node.nodeid), StandardCharsets.UTF_8);
                }
                if (++links > LINKS_MAX) {
                    throw new FuseException("follow " + path, Errno.ELOOP);
                }
                if (target.startsWith("/")) {
                    while (held.size() > 1) {
                        held.removeLast().close();
                    }
                    way.clear();
                }
                List<byte[]> components = VirtioPath.parse(this, target).components();
                for (int i = components.size() - 1; i >= 0; i--) {
                    left.addFirst(components.get(i));
                }
            }
            if (real != null) {
                real.addAll(way);
            }
            return nodes.share(held.getLast());
        } finally {
            held.forEach(Node::close);
        }
    }

    Attributes attributes(VirtioPath path, boolean follow) throws IOException {
        try (Node node = find(path, follow)) {
            return path.components().isEmpty() ? nodes.refresh(node) : node.attributes();
        } catch (FuseException failed) {
            throw Failures.of(failed, path);
        }
    }

    @Override
    public VirtioFileSystemProvider provider() {
        return provider;
    }

    @Override
    public void close() {
        synchronized (this) {
            if (closed) {
                return;
            }
            closed = true;
        }
        provider.forget(this);
        client.close();
    }

    @Override
    public boolean isOpen() {
        return !closed;
    }

    @Override
    public boolean isReadOnly() {
        return false;
    }

    @Override
    public String getSeparator() {
        return "/";
    }

    @Override
    public Iterable<Path> getRootDirectories() {
        return List.of(getPath("/"));
    }

    @Override
    public Iterable<FileStore> getFileStores() {
        return List.of(new VirtioFileStore(getPath("/")));
    }

    @Override
    public Set<String> supportedFileAttributeViews() {
        return Set.of("basic", "owner", "posix", "unix", "user");
    }

    @Override
    public VirtioPath getPath(String first, String... more) {
        StringBuilder text = new StringBuilder(first);
        for (String each : more) {
            if (!each.isEmpty()) {
                text.append(text.isEmpty() ? "" : "/").append(each);
            }
        }
        return VirtioPath.parse(this, text.toString());
    }

    @Override
    public PathMatcher getPathMatcher(String syntaxAndPattern) {
        int colon = syntaxAndPattern.indexOf(':');
        if (colon < 1) {
            throw new IllegalArgumentException("not of the form syntax:pattern: " + syntaxAndPattern);
        }
        String syntax = syntaxAndPattern.substring(0, colon);
        String pattern = syntaxAndPattern.substring(colon + 1);
        Pattern compiled;
        if (syntax.equalsIgnoreCase("glob")) {
            compiled = Glob.compile(pattern);
        } else if (syntax.equalsIgnoreCase("regex")) {
            compiled = Pattern.compile(pattern);
        } else {
            throw new UnsupportedOperationException("the syntax " + syntax + " is not known; glob and regex are");
        }
        return path -> compiled.matcher(path.toString()).matches();
    }

    /** Users and groups by number: the share has no names. */
    @Override
    public UserPrincipalLookupService getUserPrincipalLookupService() {
        return new UserPrincipalLookupService() {
            @Override
            public UserPrincipal lookupPrincipalByName(String name) throws IOException {
                return lookupPrincipalByGroupName(name);
            }

            @Override
            public GroupPrincipal lookupPrincipalByGroupName(String group) throws IOException {
                try {
                    return new VirtioFileAttributes.Id(Integer.parseUnsignedInt(group));
                } catch (NumberFormatException noNumber) {
                    UserPrincipalNotFoundException notFound = new UserPrincipalNotFoundException(group);
                    notFound.initCause(noNumber);
                    throw notFound;
                }
            }
        };
    }

    @Override
    public WatchService newWatchService() {
        return new PollingWatchService();
    }
}
