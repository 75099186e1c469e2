package dev.oriel.driver.nio;

import dev.oriel.driver.FuseClient;
import dev.oriel.driver.FuseException;
import dev.oriel.driver.Stat;
import dev.oriel.linux.Errno;
import java.io.Closeable;
import java.io.IOException;
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
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** A share as a file system of java.nio.file: one connection to its device, until closed. */
final class VirtioFileSystem extends FileSystem {
    /** Most symbolic links in a path, as in Linux (MAXSYMLINKS). */
    private static final int LINKS_MAX = 40;

    /** Most bytes of a path, as in Linux (PATH_MAX without the NUL). */
    private static final int PATH_MAX = 4095;

    private final VirtioFileSystemProvider provider;
    private final Path socket;
    private final FuseClient client;
    private final NodeTable nodes;
    private final LockTable locks = new LockTable();
    private final Set<Closeable> users = ConcurrentHashMap.newKeySet();
    /** Whether it is being closed: nothing new is opened, what is open may go on to be closed. */
    private volatile boolean closing;

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

    /** The locks that channels of this file system have. */
    LockTable locks() {
        return locks;
    }

    /** The path without symbolic links, "." and "..". */
    VirtioPath realPath(VirtioPath path, boolean follow) throws IOException {
        List<byte[]> names = new ArrayList<>();
        try {
            walk(List.of(nodes.root()), path, follow, names).forEach(Node::close);
            return new VirtioPath(this, true, List.copyOf(names));
        } catch (FuseException failed) {
            throw Failures.of(failed, path);
        }
    }

    /** @throws FuseException ENAMETOOLONG */
    static void checkLength(VirtioPath path) throws FuseException {
        if (path.length() > PATH_MAX) {
            throw new FuseException("follow a path of " + path.length() + " bytes", Errno.ENAMETOOLONG);
        }
    }

    /**
     * Walks name by name, keeping the way for "..".
     *
     * @param start the nodes from the root to where the path begins; owned by this from now on
     * @param real gets the names of the way, if the path begins at the root
     * @return the nodes from the root to the end of the path; to be closed
     */
    List<Node> walk(List<Node> start, VirtioPath path, boolean follow, @Nullable List<byte[]> real)
            throws FuseException {
        List<Node> held = new ArrayList<>(start);
        List<byte[]> way = new ArrayList<>();
        boolean found = false;
        try {
            client();
            checkLength(path);
            Deque<byte[]> left = new ArrayDeque<>(path.components());
            int links = 0;
            while (!left.isEmpty()) {
                byte[] name = left.removeFirst();
                if (!held.getLast().attributes().isDirectory()) {
                    throw new FuseException("follow " + path, Errno.ENOTDIR);
                }
                if (VirtioPath.isDots(name)) {
                    if (name.length == 2 && held.size() > 1) {
                        held.removeLast().close();
                        if (!way.isEmpty()) {
                            way.removeLast();
                        }
                    }
                    continue;
                }
                Node node = nodes.lookup(held.getLast(), name, left.isEmpty());
                if (!node.attributes().isSymbolicLink() || (left.isEmpty() && !follow)) {
                    held.add(node);
                    way.add(name);
                    continue;
                }
                VirtioPath target;
                try (node) {
                    target = target(node);
                }
                if (++links > LINKS_MAX) {
                    throw new FuseException("follow " + path, Errno.ELOOP);
                }
                if (target.isAbsolute()) {
                    while (held.size() > 1) {
                        held.removeLast().close();
                    }
                    way.clear();
                }
                List<byte[]> components = target.components();
                for (int i = components.size() - 1; i >= 0; i--) {
                    left.addFirst(components.get(i));
                }
            }
            if (real != null) {
                real.addAll(way);
            }
            found = true;
            return held;
        } finally {
            if (!found) {
                held.forEach(Node::close);
            }
        }
    }

    /**
     * Where a symbolic link leads.
     *
     * @throws FuseException ENOENT if the device says that it leads nowhere; EIO if it says what is no path
     */
    VirtioPath target(Node link) throws FuseException {
        byte[] target = client().readlink(link.nodeid);
        if (target.length == 0) {
            throw new FuseException("follow an empty symbolic link", Errno.ENOENT);
        }
        for (byte b : target) {
            if (b == 0) {
                throw new FuseException("follow a symbolic link (the device says NUL)", Errno.EIO);
            }
        }
        return VirtioPath.parse(this, target);
    }

    Stat attributes(VirtioPath path, boolean follow) throws IOException {
        return Place.of(path).attributes(follow);
    }

    /** Something that is to be closed with this file system, unless it was closed before. */
    void opened(Closeable user) {
        users.add(user);
        if (closing) {
            users.remove(user);
            throw new ClosedFileSystemException();
        }
    }

    void closed(Closeable user) {
        users.remove(user);
    }

    @Override
    public VirtioFileSystemProvider provider() {
        return provider;
    }

    @Override
    public void close() throws IOException {
        synchronized (this) {
            if (closing) {
                return;
            }
            closing = true;
        }
        provider.forget(this);
        IOException failure = null;
        for (Closeable user : List.copyOf(users)) {
            try {
                user.close();
            } catch (IOException failed) {
                failure = failed;
            } catch (RuntimeException failed) {
                failure = new IOException("close " + user, failed);
            }
        }
        closed = true;
        client.close();
        if (failure != null) {
            throw failure;
        }
    }

    @Override
    public boolean isOpen() {
        return !closing;
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
        client();
        return new PollingWatchService(this);
    }
}
