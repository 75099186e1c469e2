# shellcheck shell=dash
# What the programs of ProgramsBenchmark work on, made once, on the host, in the current folder; python3, git and tar are those of the kit.
set -e
python3 -B - <<'END'
import os, random
random.seed(21)
words = [''.join(random.choice('abcdefghijklmnopqrstuvwxyz') for _ in range(random.randint(3, 9))) for _ in range(2000)]

def text(size):
    line = []
    while size > 0:
        line.append(' '.join(random.choice(words) for _ in range(10)))
        size -= len(line[-1]) + 1
    return '\n'.join(line) + '\n'

texts = [text(size) for size in (200, 500, 1000, 2000, 4000, 8000, 16000)]

def files(top, count, weights, name):
    for i in range(count):
        folder = f'{top}/{i // 500}/{i // 25}'
        if i % 25 == 0:
            os.makedirs(folder)
        with open(f'{folder}/{name % i}', 'w') as out:
            out.write(f'{i}\n' + random.choices(texts, weights)[0])

files('repository', 5000, (1, 2, 3, 4, 3, 2, 1), 'file-%d.txt')
files('packages', 20000, (4, 4, 3, 2, 1, 0, 0), 'module-%d.js')
os.mkdir('sources')
with open('sources/common.h', 'w') as out:
    out.write(''.join(f'int shared_{i}(int, int);\n' for i in range(500)))
for i in range(200):
    with open(f'sources/unit-{i:03}.c', 'w') as out:
        out.write('#include "common.h"\n')
        out.write(''.join(f'int f_{i}_{j}(int a) {{ return shared_{j}(a, {j}) + a * {i}; }}\n' for j in range(50)))
os.mkdir('modules')
for i in range(300):
    folder = f'modules/package_{i // 10}'
    os.makedirs(folder, exist_ok=True)
    open(f'{folder}/__init__.py', 'a').close()
    with open(f'{folder}/module_{i}.py', 'w') as out:
        out.write(''.join(f'def function_{j}(a):\n    return a + {j}\n\n' for j in range(20)))
with open('modules/main.py', 'w') as out:
    out.write(''.join(f'import package_{i // 10}.module_{i}\n' for i in range(300)))
with open('transactions.sql', 'w') as out:
    out.write('PRAGMA journal_mode=WAL;\nCREATE TABLE entry (id INTEGER PRIMARY KEY, text TEXT);\n')
    for i in range(500):
        out.write(f"BEGIN; INSERT INTO entry (text) VALUES ('{texts[0][:100].strip()}'); UPDATE entry SET text='{i}' WHERE id={i // 2}; COMMIT;\n")
with open('data', 'wb') as out:
    for i in range(128):
        out.write(random.randbytes(1 << 20))
END
tar -cf packages.tar packages
cd repository
git init -q .
# Copied, its files have other inodes and times of change; git is to look at what stays.
git config core.checkStat minimal
git config core.trustctime false
git add -A
git -c user.name=bench -c user.email=bench@localhost commit -q -m 'all of it'
git gc -q
