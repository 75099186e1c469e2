package dev.oriel.guesttests;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * Options of {@code oriel serve}, and what a guest can then do.
 *
 * @param features as the programs in the guest name them; the cases that need another one are skipped
 */
record OptionSet(String name, List<String> options, Set<String> features) {
    /** What a share has whatever its options; own-locks but for those that let the host have them. */
    private static final List<String> ALWAYS = List.of("tmpfile", "statx", "ioctl", "ofd", "requests", "own-locks");

    /** What a guest's root may do that only the host's root can give. */
    private static final String HOST_ROOT = "host-root";

    /**
     * What root of a local folder has for trusted.* and for immutable files, and a server gives up unless it is told
     * otherwise.
     */
    private static final String AS_LOCAL_ROOT = "--modcaps=+sys_admin:+linux_immutable";

    /** All that cases can ask for: what a local folder has. */
    static final Set<String> EVERYTHING = features(List.of("xattr", "acl", "mmap", "killpriv"));

    /**
     * @param words options of the command line, separated by white space
     * @param more features: xattr, acl, mmap, killpriv, writeback, zero-message; slow for a machine that is to be
     *     spared
     */
    static OptionSet of(String name, String words, String... more) {
        List<String> options = new ArrayList<>();
        if (!words.isEmpty()) {
            options.addAll(List.of(words.split(" ")));
        }
        options.add(AS_LOCAL_ROOT);
        Set<String> all = features(List.of(more));
        if (!SharedFolder.isServedByRoot()) {
            // lists name other users, and a user's server has no ids for them
            options.replaceAll(option -> option.equals("--posix-acl") ? "--xattr" : option);
            all.remove("acl");
        }
        if (options.contains("--posix-lock") || options.contains("--flock")) {
            all.remove("own-locks");
        }
        return new OptionSet(name, List.copyOf(options), all);
    }

    /** The same where what a program writes goes through a DAX window, and not by request. */
    OptionSet throughTheWindow() {
        Set<String> fewer = new TreeSet<>(features);
        fewer.remove("requests");
        return new OptionSet(name, options, fewer);
    }

    /** The same for a server that is not root, and shows guests owners all the same. */
    OptionSet withoutRightsOfTheHostsRoot() {
        Set<String> fewer = new TreeSet<>(features);
        fewer.remove(HOST_ROOT);
        return new OptionSet(name, options, fewer);
    }

    /**
     * The same for programs that give files to other users, make devices and set trusted.*. A server that is not root
     * keeps all of them in extended attributes.
     */
    OptionSet withUsers() {
        if (SharedFolder.isServedByRoot()) {
            return this;
        }
        List<String> other = new ArrayList<>(SharedFolder.withUsers(options.toArray(String[]::new)));
        other.remove("--killpriv-v2");
        other.add("--xattrmap=:map:trusted.:user.virtiofs.:");
        Set<String> fewer = new TreeSet<>(features);
        fewer.removeAll(List.of("killpriv", "unprivileged"));
        return new OptionSet(name, List.copyOf(other), fewer);
    }

    private static Set<String> features(Collection<String> more) {
        Set<String> all = new TreeSet<>(ALWAYS);
        all.addAll(more);
        all.add("root".equals(System.getProperty("user.name")) ? HOST_ROOT : "unprivileged");
        return all;
    }

    /** As arguments of a program in the guest. */
    String withFeatures() {
        return "--with " + String.join(",", features);
    }

    @Override
    public String toString() {
        return name;
    }
}
