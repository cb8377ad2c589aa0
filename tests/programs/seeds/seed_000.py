# From the Spanish notebook of seed 000. Changed: print as a function, map as a list, the matrix that line 242 has lost,
# figures saved instead of shown.
import theano.tensor as T
from theano import function

x = T.dscalar('x')
y = T.dscalar('y')

z = x + y

f = function([x, y], z, name='suma')
f(2,3)

x = T.dmatrix('x')
y = T.dmatrix('y')
z = x + y
f = function([x, y], z)
f([[1, 2], [3, 4]], [[10, 20], [30, 40]])

a, b = T.dmatrices('a', 'b')
diff = a - b
abs_diff = abs(diff)
diff_squared = diff**2
f = function([a, b], [diff, abs_diff, diff_squared])
f([[1, 1], [1, 1]], [[0, 1], [2, 3]])

from theano import Param
x, y = T.dscalars('x', 'y')
z = x + y
f = function([x, Param(y, default=1)], z)
f(33)

x, y, w = T.dscalars('x', 'y', 'w')
z = (x + y) * w
f = function([x, Param(y, default=1), Param(w, default=2, name='w_by_name')], z)
f(33)

from theano import shared
state = shared(0)
inc = T.iscalar('inc')
accumulator = function([inc], state, updates=[(state, state+inc)])

state.get_value()
accumulator(1)
state.get_value()

x = T.dmatrix('x')
s = 1 / (1 + T.exp(-x))
logistic = function([x], s)
logistic([[0, 1], [-1, -2]])

import matplotlib.pyplot as plt

x = T.dscalar('x')
s = 1 / (1 + T.exp(-x))
logistic = function([x], s)

nums=range(-60,60)
x=[]
y=[]
for i in nums:
    x.append(i/10.)
    y.append(logistic(i/10.))

plt.plot(x,y)
plt.savefig('logistic.png')

x = T.dmatrix('x')
s2 = (1 + T.tanh(x / 2)) / 2
logistic2 = function([x], s2)
logistic2([[0, 1], [-1, -2]])

import matplotlib.pyplot as plt

x = T.dscalar('x')
s2 = (1 + T.tanh(x / 2)) / 2
logistic2 = function([x], s2)


nums=range(-60,60)
x=[]
y=[]
for i in nums:
    x.append(i/10.)
    y.append(logistic2(i/10.))

plt.plot(x,y)
plt.savefig('logistic2.png')

import numpy
import theano
import theano.tensor as T
rng = numpy.random

steps=300000
feats=2
x = T.matrix("x")
y = T.vector("y")
w = theano.shared(rng.randn(feats), name='w')
b = theano.shared(0., name='b')
print("Modelo inicial:")
print("W (tamaño): " + repr(w.get_value().shape))
print("b (valor): " + repr(b.get_value()))

import scipy.io as io

print('... cargando datos')
data=io.loadmat('dataLR.mat',squeeze_me=True)
dataIn=data['data'][:,0:2].astype(theano.config.floatX)
dataOut = data['data'][:,2].astype(theano.config.floatX)

# Construct Theano expression graph
p_1 = 1 / (1 + T.exp(-T.dot(x, w) - b))   # Probability that target = 1
prediction = p_1 > 0.5                    # The prediction thresholded
xent = -y * T.log(p_1) - (1-y) * T.log(1-p_1) # Cross-entropy loss function
cost = xent.mean() + 0.01*(w ** 2).mean()/2. # The cost to minimize
gw = T.grad(cost, w)             # Compute the gradient of the cost
gb = T.grad(cost, b)                                           # (we shall return to this in a
                                          # following section of this tutorial

# Compile
train = theano.function(
          inputs=[x,y],
          outputs=prediction,
          updates=[(w, w - 0.1 * gw),(b, b - 0.1 * gb)])
predict = theano.function(inputs=[x], outputs=prediction)

# Train
for i in range(steps):
    pred = train(dataIn, dataOut)

print("Valores esperados: ", dataOut)
pp= predict(dataIn)
print("Valores previstos: ", pp)

print("Tasa de acierto: ", list(map(lambda x,y:x==y, dataOut, predict(dataIn))).count(True))

import matplotlib.pyplot as plt
import numpy as np

x=np.zeros((100,2))
y=np.zeros((100,2))
for i in range(100):
    if (pp[i]==1):
        x[i,:]=dataIn[i,:]
    else:
        y[i,:]=dataIn[i,:]

plt.figure()
plt.plot(x[:,0],x[:,1],'ro', y[:,0],y[:,1],'go')
plt.axis([25,100,25,100])
plt.savefig('classes.png')
